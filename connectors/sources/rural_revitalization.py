"""Rural revitalization: an XLSX export of the monitoring system, household values repeated on each row.

The header row and its synonyms follow real exports (domain.md C3). A certificate number may have 18, 20 (a
disability certificate) or 22 characters; the ID number is its first 18.
"""

from connectors.base import Field, FieldType, Sealed, Semantics, Source, Stream
from connectors.transports.xlsx_drop import XlsxDrop

MONITORED = Stream(
    name="monitored",
    title="防止返贫监测对象与脱贫人口",
    title_en="monitored and out-of-poverty persons",
    key=("person_number", "mac"),
    semantics=Semantics.CERTIFICATION,
    complete=True,
    cadence_days=31,
    division="division",
    transport=XlsxDrop(pattern="monitored_*.xlsx"),
    fields=(
        Field(name="division", headers=("行政区划代码", "区划代码"), type=FieldType.DIVISION, required=True),
        Field(name="household_number", headers=("户编号",), required=True),
        Field(name="person_number", headers=("人编号",), required=True),
        Field(name="psn_name", headers=("姓名",), sealed=Sealed.NAME, required=True),
        Field(name="certno", headers=("证件号码", "身份证号"), sealed=Sealed.ID_NUMBER, required=True),
        Field(name="relation", headers=("与户主关系",)),
        Field(name="naty_name", headers=("民族",)),
        Field(
            name="household_type",
            headers=("户类型",),
            type=FieldType.CODE,
            codes="household_type",
            required=True,
        ),
        Field(
            name="monitored_type",
            headers=("监测对象类型", "监测对象类别", "检测对象类别", "易返贫致贫户类型"),
            type=FieldType.CODE,
            codes="monitored_type",
        ),
        Field(name="risk_removed", headers=("风险是否消除", "风险是否已消除"), type=FieldType.FLAG),
        Field(name="identified", headers=("识别监测时间", "风险识别时间", "首次识别时间"), type=FieldType.DAY),
        Field(name="removed", headers=("消除监测时间", "风险消除时间"), type=FieldType.DAY),
        Field(name="back_in_poverty", headers=("是否返贫致贫", "返贫致贫"), type=FieldType.FLAG),
        Field(name="out_of_poverty_year", headers=("脱贫年度",), type=FieldType.INTEGER),
        Field(name="phone", headers=("人联系电话", "联系电话"), sealed=Sealed.PHONE),
    ),
    ignored=(
        "序号",
        "县(市、区、旗)",
        "乡(镇)",
        "行政村",
        "自然村",
        "人数",
        "文化程度",
        "在校生状况",
        "健康状况",
        "劳动技能",
        "务工时间（月）",
        "是否参加大病保险",
        "致贫原因1",
        "危房户",
        "是否解决安全饮用水",
        "人均纯收入",
        "户联系电话",
        "人员识别时间",
    ),
)

SOURCE = Source(
    name="rural_revitalization",
    title="防止返贫监测信息系统",
    title_en="anti-poverty-return monitoring system",
    department="rural_revitalization",
    legal_basis="医保办发〔2022〕21号",
    streams=(MONITORED,),
)
